"""Tests of real relay processes on a real Valkey."""
