"""What several pages share: cached access to the stages below, and the frame of a page."""
