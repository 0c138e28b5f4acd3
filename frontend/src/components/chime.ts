// A short sound for an alert, made on the spot. Browsers allow it only after the reader has touched the page.

/** Two tones up, for something urgent three. Silent where the browser does not allow it. */
export function playChime(urgent: boolean): void {
  try {
    const audio = new AudioContext();
    const tones = urgent ? [660, 880, 660] : [660, 880];
    tones.forEach((frequency, place) => {
      const start = audio.currentTime + place * 0.14;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.12, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.13);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.14);
    });
    setTimeout(() => void audio.close(), 1_000);
  } catch {
    // No sound is better than an error about one.
  }
}
