"""Let auto choose among models within a time budget, ask why it chose so, and take other quantiles."""

from nettide import Forecaster
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate
from nettide.tasks.explain import explained
from nettide.tasks.explain_words import choice_sentences


def main() -> None:
    panel = generate(SynthConfig(series=3, points=24 * 42, seed=4)).panel
    forecaster = Forecaster(horizon=24, budget="60s", challengers="base,theta")  # leave challengers out for the best
    forecaster.fit(panel)
    for sentence in choice_sentences(explained(forecaster.model, step_seconds=panel.step_seconds)):
        print(sentence)

    tomorrow = forecaster.predict(panel).at_levels((0.05, 0.5, 0.95))
    print(tomorrow.to_frame("pandas")[["unique_id", "ds", "q0.05", "q0.5", "q0.95"]].head(3).to_string(index=False))


if __name__ == "__main__":
    main()
