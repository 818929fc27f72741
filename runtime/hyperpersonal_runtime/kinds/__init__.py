"""What a release is made of, and how each kind is brought to a lane."""
