"""State that must survive a restart.

Import its modules inside the functions that use them: SQLAlchemy costs a start-up something.
"""

from __future__ import annotations
