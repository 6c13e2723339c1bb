#!/bin/sh
# Runs a compiler with the paths of a source folder relative to a folder directly inside it, which
# is the working directory.
#
#     relative-paths.sh SOURCE_DIR COMPILER ARGUMENTS...
#
# GCC finds the counts of a function by a checksum in which the path of its source stands, as it was
# given: with an absolute one a profile would be of use only where it was made.
source="$1"
shift
for argument; do
  shift
  case "$argument" in
    "$source"/*) argument="../${argument#"$source"/}" ;;
    -I"$source"/*) argument="-I../${argument#-I"$source"/}" ;;
  esac
  set -- "$@" "$argument"
done
exec "$@"
