"""What our own methods put into the context to say what is going on. No remote call can
pass such an object."""

# `stock_moving`: of transfers of what somebody moved already, see
# `stock.move._is_moved_already`. It is no `OwnCode`: they keep the caller's rights.
MOVED = object()
