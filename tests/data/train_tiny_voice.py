"""Trains a few numbers for one epoch with Coqui's trainer, which leaves behind what it leaves of any run."""

import sys

import torch
from torch import nn
from torch.utils.data import DataLoader
from trainer import Trainer, TrainerArgs, TrainerModel
from TTS.tts.configs.vits_config import VitsConfig


class Tiny(TrainerModel):
    def __init__(self):
        super().__init__()
        self.text_encoder = nn.Embedding(6, 5)
        self.waveform_decoder = nn.Linear(5, 1)

    def forward(self, x):
        return self.waveform_decoder(self.text_encoder(x))

    def train_step(self, batch, criterion):
        made = self(batch["x"])
        return {"model_outputs": made}, {"loss": criterion(made, torch.zeros_like(made))}

    def eval_step(self, batch, criterion):
        return self.train_step(batch, criterion)

    @staticmethod
    def get_criterion():
        return nn.MSELoss()

    def get_data_loader(self, *_, **__):
        return DataLoader([{"x": torch.tensor(n)} for n in range(6)], batch_size=2)


out = sys.argv.pop()
config = VitsConfig(
    epochs=1, output_path=out, mixed_precision=False, batch_size=2, eval_batch_size=2, print_step=1, save_step=2,
    plot_step=99, optimizer="SGD", optimizer_params={}, lr_scheduler=None, lr=1e-3, test_sentences=[], run_name="tiny",
)  # fmt: skip
config.grad_clip = 1.0
Trainer(TrainerArgs(), config, out, model=Tiny(), train_samples=[1], eval_samples=[1]).fit()
