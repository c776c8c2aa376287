using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts.Chat;

/// <summary>What may be known when somebody arrives.</summary>
/// <param name="Symptoms">What they complain of.</param>
/// <param name="PatientId">Who they are, if they are registered.</param>
/// <param name="HospitalId">Your own hospital unless given.</param>
public sealed record TriageStart([property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Symptoms = null, Guid? PatientId = null, Guid? HospitalId = null) : IPromptInitialData;

/// <summary>How awake somebody is, by the AVPU scale: of themselves, when spoken to, on pain, not at all.</summary>
public enum Consciousness { Alert, Verbal, Pain, Unresponsive }

/// <summary>What is seen, heard and measured of somebody who arrives.</summary>
/// <param name="Symptoms">What they complain of; those given at the start unless given.</param>
/// <param name="PatientId">Who they are, if they are registered.</param>
/// <param name="DateOfBirth">Of somebody whose own is not registered. Below the age of one it is needed, since limits differ by weeks.</param>
/// <param name="AgeYears">Instead, as good as it can be told. Neither may contradict the date of birth of a registered patient.</param>
/// <param name="HasPulse">Whether a pulse is felt. A measured heart rate of 0 says that there is none, whatever is said here.</param>
/// <param name="IsBreathing">Whether they breathe. A measured respiratory rate of 0 says that they do not, whatever is said here.</param>
/// <param name="LifeSavingIntervention">Whether they need something at once to stay alive, such as an airway, breathing support, or bleeding stopped.</param>
/// <param name="SevereRespiratoryDistress">Whether they fight for breath.</param>
/// <param name="NewConfusion">Whether they are confused, lethargic or disoriented, and usually are not.</param>
/// <param name="HighRisk">Whether you would give them your last open bed: what they have can quickly become worse.</param>
/// <param name="SevereDistress">Whether they suffer severely, in body or mind.</param>
/// <param name="Pain">From 0, none, to 10, the worst there is.</param>
/// <param name="ExpectedResources">How many different kinds of resources they are likely to need: laboratory, imaging, intravenous fluids or medication, a procedure, a specialist. Needed unless level 1 or 2 is clear without.</param>
/// <param name="HeartRate">Per minute. With two or more resources this and the next two are needed.</param>
/// <param name="RespiratoryRate">Per minute.</param>
/// <param name="OxygenSaturation">By pulse oximeter, in per cent.</param>
/// <param name="Temperature">In degrees Celsius.</param>
/// <param name="SystolicBloodPressure">In mmHg; 0 when none can be measured because there is none.</param>
public sealed record AssessSeverity(
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Symptoms = null,
    Guid? PatientId = null,
    [property: PastDate] DateOnly? DateOfBirth = null,
    [property: Range(0, 130)] int? AgeYears = null,
    bool HasPulse = true,
    bool IsBreathing = true,
    Consciousness Consciousness = Consciousness.Alert,
    bool LifeSavingIntervention = false,
    bool SevereRespiratoryDistress = false,
    bool NewConfusion = false,
    bool HighRisk = false,
    bool SevereDistress = false,
    [property: Range(0, 10)] int? Pain = null,
    [property: Range(0, 20)] int? ExpectedResources = null,
    [property: Range(0, 400)] int? HeartRate = null,
    [property: Range(0, 150)] int? RespiratoryRate = null,
    [property: Range(0, 100)] int? OxygenSaturation = null,
    [property: Range(20.0, 46.0)] double? Temperature = null,
    [property: Range(0, 350)] int? SystolicBloodPressure = null);

/// <summary>The level that a clinician answers for.</summary>
/// <param name="Level">From 1, at once, to 5, can wait.</param>
/// <param name="Reason">Why it differs from the proposed one, if it does.</param>
public sealed record ConfirmLevel([property: Range(1, 5)] int Level, [property: Length(1, 500), Multiline] string? Reason = null);

/// <summary>Where the patient goes.</summary>
public sealed record AssignDepartment(Guid DepartmentId);

/// <summary>That the department may be told.</summary>
public sealed record NotifyStaff;

/// <summary>What else belongs into the record.</summary>
/// <param name="PatientId">Needed when it was not known before: nothing can be recorded of nobody.</param>
public sealed record RecordTriage(Guid? PatientId = null, [property: MaxLength(2000), Multiline] string? Notes = null);

/// <summary>Where a patient stands after triage. The last four end it.</summary>
public enum TriageStatus { Waiting, InTreatment, Admitted, Transferred, Discharged, Left }

/// <summary>Where the patient stands now.</summary>
public sealed record TrackStatus(TriageStatus Status);

/// <summary>A patient who was triaged, as the staff of the hospital are told: how urgent, where, and how it stands; what ails them says the medical record.</summary>
/// <param name="Level">Of the Emergency Severity Index, 1 the most urgent.</param>
public sealed record Triage(Guid Id, Guid HospitalId, Guid? PatientId, int Level, Guid DepartmentId, string DepartmentName, TriageStatus Status);

/// <summary>The staff are told that a patient comes to a department.</summary>
public sealed record TriageNotified(Triage Triage, long Version) : IntegrationEvent(Triage.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new("triage", Change.Created, Triage, new(Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse), AdditionalEventName: "triage_notified");
}

/// <summary>The staff are told that a patient after triage stands elsewhere now.</summary>
public sealed record TriageMoved(Triage Triage, long Version) : IntegrationEvent(Triage.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new("triage", Change.Updated, Triage, new(Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse));
}
