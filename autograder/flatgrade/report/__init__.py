"""What people read: the class page, the verdict in a cell. Made from Records alone."""
