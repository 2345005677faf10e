"""How well and how fast engines do on images whose objects are known."""
