"""Watch a training from your own code and stop it when you have seen enough."""

from nettide import Forecaster
from nettide.models.contract import Epoch
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate


class StopWhenGood:
    """A monitor: told of every epoch, asked after every batch whether to stop."""

    def __init__(self, loss: float) -> None:
        self.loss, self.is_good = loss, False

    def on_batch(self, *, epoch: int, epochs: int, batch: int, batches: int, loss: float) -> None:
        """Move a progress bar here."""

    def on_epoch(self, report: Epoch) -> None:
        """Decide."""
        print(f"epoch {report.epoch}: loss {report.loss:.4f}, about {report.seconds_left:.0f} s left")
        self.is_good = report.loss < self.loss

    def stop_requested(self) -> bool:
        """Say what was decided."""
        return self.is_good


def main() -> None:
    panel = generate(SynthConfig(series=2, points=24 * 42, seed=2)).panel
    training = Forecaster("gru", horizon=12, hidden=16, epochs=4).fit(panel, monitor=StopWhenGood(0.2))
    print(f"ended: {training.ending}, kept epoch {training.best_epoch}")


if __name__ == "__main__":
    main()
