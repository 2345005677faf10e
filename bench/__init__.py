"""What celltally costs, each figure beside a peer measured in the same run; see README.md here."""
