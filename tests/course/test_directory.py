"""A course folder opens with nbgrader's settings, and says in one sentence what is wrong."""

import os
import sys
from pathlib import Path

import pytest

from flatgrade.course.directory import Course, CourseError, check_student


def test_folders_and_database_follow_the_settings(desk):
    """The course knows where each step of nbgrader keeps its files, and which database it uses."""
    course = desk.course
    assert course.course_id == "flatgrade"
    assert course.db_url == f"sqlite:///{desk.root}/gradebook.db"
    assert course.assignments() == ("a1",)
    assert course.source("a1") == desk.root / "assignments/a1"
    assert course.release("a1") == desk.root / "release/a1"
    assert course.submitted("ana", "a1") == desk.root / "submitted/ana/a1"
    assert course.autograded("ana", "a1") == desk.root / "autograded/ana/a1"


def test_an_instructors_own_settings_hold(new_course):
    """Whatever nbgrader_config.py says is what the course does."""
    with (new_course / "nbgrader_config.py").open("a") as file:
        file.write('c.CourseDirectory.db_url = "sqlite:////elsewhere/grades.db"\n')
        file.write('c.CourseDirectory.submitted_directory = "in"\n')
        file.write('c.CourseDirectory.directory_structure = "{assignment_id}/{nbgrader_step}/{student_id}"\n')
    (new_course / "a1/in/ana").mkdir(parents=True)
    course = Course.open(new_course)
    assert course.db_url == "sqlite:////elsewhere/grades.db"
    assert course.submitted("ana", "a1") == new_course / "a1/in/ana"
    assert course.students("a1") == ("ana",)


def test_settings_of_the_user_hold_below_those_of_the_course(new_course, tmp_path, monkeypatch):
    """nbgrader's order of settings: the course's file has the last word."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    (tmp_path / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "mine"\nc.CourseDirectory.autograded_directory = "back"\n'
    )
    course = Course.open(new_course)
    assert (course.course_id, course.autograded("ana", "a1")) == ("flatgrade", new_course / "back/ana/a1")


def test_students_are_listed_whatever_their_names(desk):
    """Spaces, accents and glob signs are part of a name; a file is no student."""
    names = ("*", "Zoë Ångström", "[ana]", "li 李", "x y")
    for name in names:
        (desk.root / "submitted" / name / "a1").mkdir(parents=True)
    (desk.root / "submitted/bob").mkdir()
    (desk.root / "submitted/bob/a1").write_text("a file")
    (desk.root / "submitted/bob/a11").mkdir()
    assert desk.course.students("a1") == names


def test_a_root_with_glob_signs_is_a_folder_like_others(new_course, tmp_path):
    """The course's own path is a path, not a pattern."""
    new_course.rename(tmp_path / "c[1]*")
    assert Course.open(tmp_path / "c[1]*").assignments() == ("a1",)


def test_opening_puts_this_pythons_programs_on_path(new_course, monkeypatch):
    """nbgrader starts alembic as a program, which lies beside this Python."""
    monkeypatch.setenv("PATH", "/usr/bin")
    Course.open(new_course)
    Course.open(new_course)
    assert os.environ["PATH"] == f"{Path(sys.executable).parent}{os.pathsep}/usr/bin"
    with Course.open(new_course).gradebook() as gradebook:  # a new one: alembic is called
        assert gradebook.assignments == []


def test_a_folder_without_settings_is_no_course(tmp_path):
    """The sentence names the folder and the file that it lacks."""
    with pytest.raises(CourseError) as error:
        Course.open(tmp_path)
    assert str(error.value) == f"{tmp_path} is not a course folder: it has no nbgrader_config.py."


def test_settings_that_fail_are_told(tmp_path):
    """The settings are a program; its error is shown."""
    (tmp_path / "nbgrader_config.py").write_text("1 / 0")
    with pytest.raises(CourseError) as error:
        Course.open(tmp_path)
    path = tmp_path / "nbgrader_config.py"
    assert str(error.value) == f"{path} cannot be read: ZeroDivisionError: division by zero."


def test_settings_of_a_wrong_type_are_told(tmp_path):
    """A value that nbgrader refuses is told with nbgrader's own words."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.source_directory = 5\n")
    with pytest.raises(CourseError) as error:
        Course.open(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'nbgrader_config.py'} cannot be read: TraitError: The 'source_directory' trait of a "
        "CourseDirectory instance expected a unicode string, not the int 5.."
    )


def test_an_unknown_assignment_lists_the_known_ones(desk):
    """A mistyped name is answered with the names that there are."""
    with pytest.raises(CourseError) as error:
        desk.course.source("a7")
    assert str(error.value) == "a7 is not an assignment of this course: it has a1."


def test_a_course_without_assignments_says_so(new_course):
    """Folders without notebooks are no assignments."""
    (new_course / "assignments/a1/svm.ipynb").unlink()
    with pytest.raises(CourseError) as error:
        Course.open(new_course).source("a1")
    assert str(error.value) == "a1 is not an assignment of this course: assignments/ has none yet."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "A student needs a name; this one is empty."),
        ("  ", "A student needs a name; this one is empty."),
        ("a\x00b", 'The student name "a\ufffdb" has a control character in it; rename the folder.'),
        ("a\nb", 'The student name "a\ufffdb" has a control character in it; rename the folder.'),
        ("a\udc80", 'The student name "a\ufffd" is not valid UTF-8; rename the folder.'),
        ("../ana", 'The student name "../ana" cannot be a folder: no slashes, and no dot at its start.'),
        ("..", 'The student name ".." cannot be a folder: no slashes, and no dot at its start.'),
        ("a/b", 'The student name "a/b" cannot be a folder: no slashes, and no dot at its start.'),
        ("a\\b", 'The student name "a\\b" cannot be a folder: no slashes, and no dot at its start.'),
        ("x" * 129, f'The student name "{"x" * 40}..." has 129 characters; nbgrader holds 128.'),
    ],
)
def test_names_that_cannot_be_folders_are_refused(name, message):
    """Each refusal is one sentence, in which the name does no harm."""
    with pytest.raises(CourseError) as error:
        check_student(name)
    assert str(error.value) == message


@pytest.mark.parametrize("name", ["ana", "Zoë Ångström", "O'Neil, J.", "李", "a+b@c.d", "x" * 128, "a..b"])
def test_other_names_are_names(name):
    """People are called as they are called."""
    check_student(name)
