"""The history page as data. Pure functions over answers of the store; views ask and render."""
