"""The words Carillon comes with: one folder per template, and how a folder is read. Nothing here is code to render."""
