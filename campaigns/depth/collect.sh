#!/bin/sh
# Copies what is published of the finished trainings into this folder: plan, settings, epochs, predictions and summaries.
# Weights, checkpoints and logs stay where they are. Paths of the machine become relative ones; nothing else is changed.
#
#     campaigns/depth/collect.sh DIR     # DIR: where run.sh put the studies
set -eu
studies=$(cd "${1:?"Give the folder of the studies, such as ../depth-studies"}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

publish() { # FILE TARGET
  sed -e 's#[^" ]*/campaigns/depth/#campaigns/depth/#g' -e "s#$studies/studies/##g" -e "s#$studies/##g" \
    -e "s#--study $studies#--study ../depth#g" "$1" > "$2"
}

publish "$studies/campaign.json" "$here/campaign.json"
for summary in "$studies"/studies/*/trials/*/summary.json; do
  run=$(dirname "$summary")
  study=$(dirname "$(dirname "$run")")
  target="$here/studies/$(basename "$study")"
  mkdir -p "$target/trials/$(basename "$run")" "$target/seeds"
  [ -f "$target/study.json" ] || publish "$study/study.json" "$target/study.json"
  for file in config.json summary.json epochs.csv; do
    publish "$run/$file" "$target/trials/$(basename "$run")/$file"
  done
  cp "$run/predictions.safetensors" "$target/trials/$(basename "$run")/"
done
