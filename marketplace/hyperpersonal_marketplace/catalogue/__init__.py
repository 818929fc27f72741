"""What can be found in the marketplace, and how."""
