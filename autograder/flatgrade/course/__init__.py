"""nbgrader's place: the course folder, the release, collecting submissions, the gradebook."""
