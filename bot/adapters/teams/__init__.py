"""Microsoft Teams. `seam` is what the rest knows of it, `sdk` alone imports the SDK."""
