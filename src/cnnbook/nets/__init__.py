"""Networks in PyTorch, a file for each family, and what a network costs and sees."""
