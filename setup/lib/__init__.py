"""What the commands in setup/ share. Standard library only."""
