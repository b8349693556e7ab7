"""Made-up staff posts and a made-up académie, always marked as such."""
