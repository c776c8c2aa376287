namespace MedCor.Identity.Mails;

/// <summary>Names the texts of mails. English is where they are composed; <c>MailTexts.de.resx</c> has the German.</summary>
internal sealed class MailTexts;
