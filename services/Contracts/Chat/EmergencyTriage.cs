using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts.Chat;

/// <summary>Represents the initial data of a triage.</summary>
/// <param name="Symptoms">The symptoms that the patient reports.</param>
/// <param name="PatientId">The ID of the patient, if registered.</param>
/// <param name="HospitalId">The ID of the hospital; your own by default.</param>
public sealed record TriageStart(
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Symptoms = null, Guid? PatientId = null, Guid? HospitalId = null)
    : IPromptInitialData;

/// <summary>Specifies the level of consciousness on the AVPU scale: alert, responds to voice, responds to pain, unresponsive.</summary>
public enum Consciousness { Alert, Verbal, Pain, Unresponsive }

/// <summary>Represents what is observed and measured of an arriving patient.</summary>
/// <param name="Symptoms">
/// The symptoms that the patient reports; those given at the start by default. They are recorded, not judged: no level follows from their text.
/// </param>
/// <param name="PatientId">The ID of the patient, if registered.</param>
/// <param name="DateOfBirth">The date of birth, if none is registered. Required below the age of one, because limits differ by weeks.</param>
/// <param name="AgeYears">
/// The age in years, estimated if necessary, instead of the date of birth. Neither may contradict the date of birth of a registered patient.
/// </param>
/// <param name="HasPulse">Whether a pulse is felt. A measured heart rate of 0 means that there is none, regardless of this value.</param>
/// <param name="IsBreathing">Whether the patient breathes. A measured respiratory rate of 0 means that the patient does not, regardless of this value.</param>
/// <param name="LifeSavingIntervention">
/// Whether the patient immediately needs a life-saving intervention, such as an airway, breathing support, or control of bleeding.
/// </param>
/// <param name="SevereRespiratoryDistress">Whether the patient is in severe respiratory distress.</param>
/// <param name="NewConfusion">Whether the patient is confused, lethargic or disoriented, and usually is not.</param>
/// <param name="HighRisk">
/// Whether the condition can quickly become worse, judged by the symptoms and all else: you would give the patient your last open bed. Required unless
/// level 1 or 2 is clear without it.
/// </param>
/// <param name="SevereDistress">Whether the patient is in severe physical or mental distress. Required unless level 1 or 2 is clear without it.</param>
/// <param name="Pain">The pain, from 0 (none) to 10 (the worst possible).</param>
/// <param name="ExpectedResources">
/// The expected number of different kinds of resources that the patient needs: laboratory, imaging, intravenous fluids or medication, a procedure, a
/// specialist. Required unless level 1 or 2 is clear without it.
/// </param>
/// <param name="HeartRate">The heart rate per minute. With two or more expected resources, this value and the next two are required.</param>
/// <param name="RespiratoryRate">The respiratory rate per minute.</param>
/// <param name="OxygenSaturation">The oxygen saturation by pulse oximeter, in percent.</param>
/// <param name="Temperature">The body temperature, in degrees Celsius.</param>
/// <param name="SystolicBloodPressure">The systolic blood pressure, in mmHg; 0 when there is none to be measured.</param>
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
    bool? HighRisk = null,
    bool? SevereDistress = null,
    [property: Range(0, 10)] int? Pain = null,
    [property: Range(0, 20)] int? ExpectedResources = null,
    [property: Range(0, 400)] int? HeartRate = null,
    [property: Range(0, 150)] int? RespiratoryRate = null,
    [property: Range(0, 100)] int? OxygenSaturation = null,
    [property: Range(20.0, 46.0)] double? Temperature = null,
    [property: Range(0, 350)] int? SystolicBloodPressure = null);

/// <summary>Confirms the triage level, for which a clinician is responsible.</summary>
/// <param name="Level">The level, from 1 (immediate) to 5 (can wait).</param>
/// <param name="Reason">The reason for a level that differs from the proposed one.</param>
public sealed record ConfirmLevel([property: Range(1, 5)] int Level, [property: Length(1, 500), Multiline] string? Reason = null);

/// <summary>Assigns the patient to a department.</summary>
/// <param name="DepartmentId">The ID of the department.</param>
public sealed record AssignDepartment(Guid DepartmentId);

/// <summary>Allows the staff of the department to be notified.</summary>
public sealed record NotifyStaff;

/// <summary>Provides further data for the medical record of the triage.</summary>
/// <param name="PatientId">The ID of the patient. Required if it was not known before, because a record needs a patient.</param>
/// <param name="Notes">Further notes for the record.</param>
public sealed record RecordTriage(Guid? PatientId = null, [property: MaxLength(2000), Multiline] string? Notes = null);

/// <summary>Specifies the status of a patient after triage. The last four end the prompt.</summary>
public enum TriageStatus { Waiting, InTreatment, Admitted, Transferred, Discharged, Left }

/// <summary>Sets the current status of the patient.</summary>
public sealed record TrackStatus(TriageStatus Status);

/// <summary>
/// Represents a triaged patient as shown to the staff of the hospital: urgency, department and status. Symptoms and findings are in the medical record.
/// </summary>
/// <param name="Level">The level of the Emergency Severity Index; 1 is the most urgent.</param>
public sealed record Triage(Guid Id, Guid HospitalId, Guid? PatientId, int Level, Guid DepartmentId, string DepartmentName, TriageStatus Status)
{
    /// <summary>The roles that see triaged patients: those who treat them, and their hospital's administrators.</summary>
    internal const Callers Subscribers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse;
}

/// <summary>Represents the event that the staff are notified of a patient who comes to a department.</summary>
[LiveResource("triage", Callers = Triage.Subscribers)]
[NamedLiveEvent("triage_notified", typeof(Triage), "the staff of a department were notified of a patient by the prompt `emergency_triage`")]
public sealed record TriageNotified(Triage Triage, long Version) : IntegrationEvent(Triage.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Triage, new(Triage.Subscribers));
}

/// <summary>Represents the event that the status of a triaged patient changed.</summary>
[LiveResource("triage", Callers = Triage.Subscribers)]
public sealed record TriageMoved(Triage Triage, long Version) : IntegrationEvent(Triage.HospitalId, Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Triage, new(Triage.Subscribers));
}
