/** JupyterLab's forms put a field's name beside it and not on it: say it to those who listen. */
export function nameFields(forms: HTMLElement): () => void {
  const name = (): void => {
    forms.querySelectorAll('input, select, textarea').forEach(field => {
      const label =
        field.getAttribute('label') ??
        field.closest('.form-group')?.querySelector('h3, legend')?.textContent;
      if (label && !field.hasAttribute('aria-label') && !field.closest('label')) {
        field.setAttribute('aria-label', label);
      }
    });
  };
  const observer = new MutationObserver(name);
  observer.observe(forms, { childList: true, subtree: true });
  name();
  return () => observer.disconnect();
}
