namespace MedCor.Identity.Pages;

/// <summary>Names the texts of the pages. English is in the pages themselves; <c>PageTexts.de.resx</c> has the German.</summary>
internal sealed class PageTexts;
