# D1.12 Shell, script and package magics, and lines that only a shell understands.
# expect: WRONG
# %%
!echo pwned > <pwned>
# %%
%%script bash
echo pwned > <pwned>
# %%
%%bash
echo pwned > <pwned>
# %%
%pip install nothing
# %%
%load_ext autoreload
%autoreload 2
# %%
get_ipython().system("echo pwned > <pwned>")
# %%
# <wrong answer>
