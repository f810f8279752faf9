# Fed to the shell by testshell. What must come out is in testshell.key.
echo plain words and 'a  quoted   one'
echo through a pipe | cat
echo through three | cat | cat | cat
cat lorem
cat < lorem | num
num lorem | num
   echo blanks before and between   # and a comment after
echo one; echo two
echo kept in a file >/testshell.tmp
cat /testshell.tmp
cat </testshell.tmp >/testshell.tm2
cat testshell.tmp testshell.tm2
lsfd -1 >testshell.tmp
cat testshell.tmp
rm testshell.tmp testshell.tm2
cat lorem |num| num >testshell.tmp; rm testshell.tmp

sh script
sh <script | num
cat script
