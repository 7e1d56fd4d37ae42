"""Questions on the history page that members keep: for themselves or for everybody."""
