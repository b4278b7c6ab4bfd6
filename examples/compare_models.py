"""Compare models on the last fifth of a panel and print their scores."""

from nettide import make_model
from nettide.backtest.evaluate import Contender, backtest
from nettide.backtest.leaderboard import score
from nettide.backtest.origin import first_test_step
from nettide.synthetic.config import SynthConfig
from nettide.synthetic.traffic import generate

HORIZON = 24


def main() -> None:
    panel = generate(SynthConfig(series=4, points=24 * 42, seed=3)).panel
    contenders = [
        Contender("naive", lambda: make_model("naive", horizon=HORIZON)),
        Contender("seasonal-naive", lambda: make_model("seasonal-naive", horizon=HORIZON)),
        Contender("gru", lambda: make_model("gru", horizon=HORIZON, options={"hidden": 16, "epochs": 3})),
    ]
    start = first_test_step(panel, test_fraction=0.2)
    result = backtest(panel, contenders, test_start=start, horizon=HORIZON, stride=HORIZON)
    for one in score(result):  # best first; rel_mae below 1 beats the same hour one week ago
        print(f"{one.model:<16} rel_mae {one.rel_mae:.3f}  80 % band covers {one.coverage_80:.0%}")


if __name__ == "__main__":
    main()
