"""Models: saved in safe formats with a signature, loaded and asked, registered under aliases with a history.

What is served over HTTP lives in serving/; what a model is worth is said in evaluation/.
"""

from tenfold.models.approvals import Approval
from tenfold.models.load import Model, load
from tenfold.models.register import register
from tenfold.models.registry import Registered, set_verdict
from tenfold.models.save import save

__all__ = ["Approval", "Model", "Registered", "load", "register", "save", "set_verdict"]
