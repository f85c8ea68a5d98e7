"""The files of a study: its material, forms, page, answers and report."""
