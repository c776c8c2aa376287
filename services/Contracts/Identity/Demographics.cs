using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies the administrative gender of a patient.</summary>
public enum Gender { Female, Male, Other, Unknown }

/// <summary>Represents the address of a patient.</summary>
/// <param name="AddressLine1"><example>"Lindenstrasse 12"</example></param>
/// <param name="AddressLine2"><example>"House B"</example></param>
/// <param name="City"><example>"Berlin"</example></param>
/// <param name="State"><example>"Berlin"</example></param>
/// <param name="PostalCode"><example>"10117"</example></param>
/// <param name="Country"><example>"Germany"</example></param>
public sealed record PatientAddress(
    [property: MaxLength(200)] string? AddressLine1 = null,
    [property: MaxLength(200)] string? AddressLine2 = null,
    [property: MaxLength(100)] string? City = null,
    [property: MaxLength(100)] string? State = null,
    [property: MaxLength(20)] string? PostalCode = null,
    [property: MaxLength(100)] string? Country = null);

/// <summary>Represents a further way to reach a patient. Patients may share it, as families do.</summary>
/// <param name="Name">What the contact is, or whose, such as Work or Mother. <example>"Work"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550113"</example></param>
/// <param name="Email"><example>"family@general.example"</example></param>
public sealed record PatientContact(
    [property: Length(1, 100)] string Name,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: EmailAddress, MaxLength(254)] string? Email = null);

/// <summary>Represents a person who is told in an emergency.</summary>
/// <param name="Name"><example>"Jonas Schubert"</example></param>
/// <param name="Relationship"><example>"Husband"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550114"</example></param>
/// <param name="Email"><example>"jonas@general.example"</example></param>
public sealed record NextOfKin(
    [property: Length(1, 200)] string Name,
    [property: MaxLength(100)] string? Relationship = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: EmailAddress, MaxLength(254)] string? Email = null);

/// <summary>Represents a number that a patient has elsewhere. It belongs to one patient of a hospital, ignoring case.</summary>
/// <param name="System">Who issued the number: a name or an address, such as an insurer's. <example>"urn:insurance:aok"</example></param>
/// <param name="Value">The number. <example>"A123456780"</example></param>
public sealed record PatientIdentifier([property: Length(1, 200)] string System, [property: Length(1, 100)] string Value);

/// <summary>Defines the limits of patients' demographic data.</summary>
public static class DemographicLimits
{
    /// <summary>The maximum number of contacts, of next of kin and of identifiers of a patient.</summary>
    public const int MaxEntries = 10;

    /// <summary>The maximum length of a medical record number, in characters.</summary>
    public const int MaxMrnLength = 40;

    /// <summary>The pattern of a language, without the anchors: a tag of BCP 47 such as <c>de</c> or <c>pt-BR</c>.</summary>
    public const string LanguagePattern = "[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}";

    /// <summary>The error for a text that is not a language.</summary>
    public const string LanguageError = "must be a language tag of BCP 47 such as de or pt-BR";
}
