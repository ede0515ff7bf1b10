// Runs before the first paint: chooses the palette. No stored choice means: as the system.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => document.cookie.match(/(?:^|; )prts-theme=(light|dark)/)?.[1];
  const apply = () => {
    root.dataset.theme = stored() ?? (dark.matches ? 'dark' : 'light');
    root.dataset.themeChoice = stored() ?? 'system';
  };
  const choices = ['system', 'light', 'dark'];
  const keep = choice => {
    const guard = location.protocol === 'https:' ? '; samesite=lax; secure' : '; samesite=lax';
    document.cookie = (choice === 'system' ? 'prts-theme=; path=/; max-age=0' : `prts-theme=${choice}; path=/; max-age=34560000`) + guard;
    apply();
  };
  apply();
  dark.addEventListener('change', apply);
  document.addEventListener('click', event => {
    if (!event.target.closest('[data-theme-switch]')) return;
    // The first click always changes what is seen; a second one goes back to the system's choice.
    const other = root.dataset.theme === 'dark' ? 'light' : 'dark';
    const system = dark.matches ? 'dark' : 'light';
    keep(other === system ? 'system' : choices.find(choice => choice === other));
  });
})();
