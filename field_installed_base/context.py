"""What our own methods put into the context to say what is going on. No remote call can
pass such an object."""


class OwnCode:
    """What our own methods put into the context while they write fields that are
    nobody else's to write."""


# `field_keeping`: of writes of fields that follow from others or from what buttons do,
# see `installed.base.guard.mixin`.
KEEPING = OwnCode()
