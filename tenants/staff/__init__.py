"""How staff get in: password, second factor, session, groups, and the site they then see."""
