"""What encrypted images give away."""
