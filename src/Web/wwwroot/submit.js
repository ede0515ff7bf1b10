// A form that needs nobody's hand.
document.forms[0].submit();
