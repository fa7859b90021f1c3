# Prints what zsh offers at the end of each of the lines, as a person at a terminal gets it: complete.zsh DIRECTORY LINE...
zmodload zsh/zpty || exit 1
zpty z zsh -f -i
zpty -w z 'stty cols 250 rows 900; TERM=dumb; PROMPT=READY; LISTMAX=9999; setopt nolistbeep nobeep'
zpty -w z 'fpath=('${(q)1}' $fpath); autoload -Uz compinit; compinit -u -D; bindkey "^I" list-choices; print BE''GIN'
zpty -r z out '*BEGIN*READY'
shift
for line; do
	zpty -w -n z "$line"$'\t'
	zpty -r z out '*READY*' # the list, and the line once more below it
	print -r -- "== $line"
	print -r -- "$out"
	zpty -w -n z $'\C-U'
done
zpty -d z
