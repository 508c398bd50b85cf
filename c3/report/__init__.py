"""What people look at: figures, tables and pages, drawn from tables alone."""
