"""Where the bytes of images and results lie."""
