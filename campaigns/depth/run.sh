#!/bin/sh
# Trains what is left of the campaign, two trainings of one thread at once, at the lowest priority. Stop it at any
# time with SIGINT or SIGTERM: every training writes a checkpoint, and the same command goes on.
#
#     campaigns/depth/run.sh DIR     # DIR: where the campaign lies, outside the working tree
set -eu
studies=${1:?"Give the folder for the campaign, such as ../depth-studies"}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$studies"
# The shell waits in the background's wait, so that a signal reaches the study at once.
stop() { kill -TERM "$child" 2>/dev/null || true; wait "$child" || true; exit 143; }
trap stop INT TERM
nice -n 19 node "$here/../../bin/rectio.js" compare --plan "$here/campaign.yaml" --study "$studies" --jobs 2 &
child=$!
wait "$child"
