# D1.12 Shell, script and package magics, and lines that only a shell understands.
# expect: WRONG
# %%
!echo pwned > /tmp/flatgrade-pwned
# %%
%%script bash
echo pwned > /tmp/flatgrade-pwned
# %%
%%bash
echo pwned > /tmp/flatgrade-pwned
# %%
%pip install nothing
# %%
%load_ext autoreload
%autoreload 2
# %%
get_ipython().system("echo pwned > /tmp/flatgrade-pwned")
# %%
# <wrong answer>
