"""What our own methods put into the context to say what is going on. No remote call can
pass such an object."""


class OwnCode:
    """What our own methods put into the context while they write fields that are
    nobody else's to write."""


# `field_keeping`: of writes of fields that follow from others or from what buttons do,
# see `installed.base.guard.mixin`.
KEEPING = OwnCode()
# `installed_base_holding`: of returns, which take equipment from its customer and hold
# what was planned for it until somebody says what becomes of it. It is no `OwnCode`.
HOLDING = object()
