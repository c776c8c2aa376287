using MedCor.Identity.SecondFactors;

namespace MedCor.Identity.Pages;

/// <summary>Represents the form that logs in with a passkey.</summary>
/// <param name="Action">The address to which it is sent.</param>
internal sealed record PasskeyLogInForm(string Action, PasskeyChallenge Challenge);
