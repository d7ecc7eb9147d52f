# D3.28 Scripts in outputs of every kind, for the browser of whoever grades.
# expect: WRONG
# %%
from IPython.display import HTML, SVG, Javascript, Markdown, display

display(HTML("<script>alert('flatgrade-script')</script><img src=x onerror=alert(1)>"))
display(Javascript("alert('flatgrade-script')"))
display(Markdown("<script>alert('flatgrade-script')</script> [x](javascript:alert(1))"))
display({"image/svg+xml": "<svg onload=alert('flatgrade-script')>"}, raw=True)
print("<script>alert('flatgrade-script')</script>")
# %%
# <wrong answer>
