# Prints what bash offers at the end of each of the lines: complete.bash FILE LINE...
compopt() { :; } # only bash itself, at a TAB, may call it
. "$1"
shift
for line; do
	# bash breaks words at = and so are the arrays that it hands over.
	read -ra COMP_WORDS <<<"${line//=/ = }"
	[[ $line == *' ' || $line == *= ]] && [[ ${COMP_WORDS[-1]} != = ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	"$(complete -p "${COMP_WORDS[0]}" | sed -E 's/.*-F (\S+).*/\1/')"
	printf '== %s\n' "$line"
	((${#COMPREPLY[@]})) && printf '%s\n' "${COMPREPLY[@]}"
done
exit 0
