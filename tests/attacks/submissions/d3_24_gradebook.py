# D3.24 The gradebook is looked for and everybody's grades are raised.
# expect: WRONG
# %%
import os
import sqlite3

for path in ("<course>/gradebook.db", "../gradebook.db", "../../gradebook.db", "../../../gradebook.db"):
    try:
        base = sqlite3.connect(path)
        base.execute("update grade set extra_credit = 7")
        base.commit()
        print("changed", path)
    except sqlite3.Error:
        pass
for path in ("<course>/gradebook.db", "<course>/.flatgrade/seed"):
    try:
        os.chmod(path, 0o777)
        print("changed", path)
    except OSError:
        pass
    try:
        os.truncate(path, 0)
        print("emptied", path)
    except OSError:
        pass
# %%
# <wrong answer>
