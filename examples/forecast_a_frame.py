"""Train on a data frame and forecast the next day of every link."""

from nettide import Forecaster, Panel
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate


def made_traffic() -> Panel:
    """Stand in for your own data: three links, eight weeks, hourly."""
    return generate(SynthConfig(series=3, points=24 * 56, seed=1)).panel


def main() -> None:
    frame = made_traffic().to_frame("pandas")  # unique_id, ds, y; polars and pyarrow do as well
    forecaster = Forecaster("lstm", horizon=24, epochs=3)
    training = forecaster.fit(frame)
    print(f"{training.parameters:,} parameters, epoch {training.best_epoch} of {len(training.epochs)} kept")

    tomorrow = forecaster.predict(frame)
    table = tomorrow.to_frame("pandas")  # unique_id, cutoff, ds, step, y_hat, q0.1 ... q0.9
    print(table[["unique_id", "ds", "q0.1", "y_hat", "q0.9"]].head(5).to_string(index=False))


if __name__ == "__main__":
    main()
