using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;

namespace MedCor.Chat.Prompts;

/// <summary>Holds the data of a patient in triage. Data that the medical record contains is cleared here once the record is written.</summary>
internal sealed class TriageData
{
    public Guid? PatientId { get; set; }
    public IReadOnlyList<string>? Symptoms { get; set; }
    public AssessSeverity? Assessment { get; set; }

    /// <summary>Gets or sets the severity that the index proposes.</summary>
    public Severity? Severity { get; set; }

    /// <summary>Gets or sets the level for which a clinician takes responsibility.</summary>
    public int? Level { get; set; }
    public string? OverrideReason { get; set; }
    public Guid? DepartmentId { get; set; }
    public string? DepartmentName { get; set; }
    public DateTimeOffset? NotifiedAt { get; set; }
    public Guid? RecordId { get; set; }
    public TriageStatus Status { get; set; } = TriageStatus.Waiting;

    internal Triage ToContract(StepContext context) =>
        new(context.SessionId, context.HospitalId, PatientId, Level!.Value, DepartmentId!.Value, DepartmentName!, Status);
}

internal sealed class EmergencyTriagePrompt() : Prompt<TriageStart, TriageData>(
    "emergency_triage", Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse,
    "Triages an arriving patient by the five levels of the Emergency Severity Index: urgency and department. It proposes a level and a clinician decides; it "
    + "makes no diagnosis.")
{
    private const string Undecided = "is required: levels 1 and 2 are not clear from the rest";
    private static readonly TriageStatus[] FinalStatuses = [TriageStatus.Admitted, TriageStatus.Transferred, TriageStatus.Discharged, TriageStatus.Left];

    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<AssessSeverity>("assess_severity",
            "What do you observe and measure? Obvious findings suffice at first; the prompt requests whatever else it needs.", AssessAsync),
        DefineStep<ConfirmLevel>("determine_urgency",
            "data.severity contains the proposed level and its rule. It is not a diagnosis: confirm it, or choose another level and give the reason.",
            ConfirmAsync, LevelsAsync),
        DefineStep<AssignDepartment>("assign_department", "Where does the patient go? Departments that receive this level come first.",
            AssignAsync, DepartmentsAsync),
        DefineStep<NotifyStaff>("notify_staff",
            "Notify the department now? Connected staff receive the level and the department, not the complaint.", NotifyAsync),
        DefineStep<RecordTriage>("create_record",
            "The triage is written to the patient's medical record. An unregistered patient must be registered first.", RecordAsync),
        DefineStep<TrackStatus>("track_status",
            "What is the patient's status? Answer whenever it changes; admitted, transferred, discharged or left completes the prompt.", TrackAsync),
    ];

    protected override TriageData CreateData(TriageStart start) => new() { PatientId = start.PatientId, Symptoms = start.Symptoms };

    protected override async Task VerifyAsync(TriageData data, StepContext context)
    {
        if (data.PatientId is { } id) await context.GetActivePatientAsync(id);
    }

    private static async Task AssessAsync(TriageData data, AssessSeverity findings, StepContext context)
    {
        var patient = (findings.PatientId ?? data.PatientId) is { } id ? await context.GetActivePatientAsync(id) : null;
        var symptoms = findings.Symptoms ?? data.Symptoms;
        var errors = new Dictionary<string, List<string>>();
        if (symptoms is not { Count: > 0 }) errors["symptoms"] = ["must contain at least one"];

        var today = await context.TodayAsync();
        var birthDate = patient?.DateOfBirth ?? findings.DateOfBirth;
        if (birthDate is null && findings.AgeYears is null) errors["age_years"] = ["is required, or else date_of_birth"];
        if (birthDate is null && findings.AgeYears == 0) errors["date_of_birth"] = ["is required below the age of one: the limits differ by weeks"];
        if (findings.DateOfBirth is not null && findings.AgeYears is not null) errors["age_years"] = ["cannot be given together with date_of_birth"];
        if (findings.PatientId is { } answeredPatient && data.PatientId is { } first && answeredPatient != first)
            errors["patient_id"] = ["is not the patient with whom the triage began; start another triage"];
        // The limits depend on the age: when two values differ, one belongs to another person.
        if (patient?.DateOfBirth is { } registered)
        {
            if (findings.DateOfBirth is { } stated && stated != registered)
                errors["date_of_birth"] = ["is not the one of the registered patient; leave it out, or triage without patient_id"];
            if (findings.AgeYears is { } years && years != AgeInMonths(registered, today) / 12)
                errors["age_years"] = ["is not the age of the registered patient; leave it out, or triage without patient_id"];
        }

        var severity = SeverityIndex.Assess(new(findings, birthDate is { } day ? AgeInMonths(day, today) : (findings.AgeYears ?? 0) * 12,
            birthDate is { } birth ? today.DayNumber - birth.DayNumber : null));
        if (PastDateAttribute.FindFutureError(findings.DateOfBirth, today) is { } futureError) errors["date_of_birth"] = [futureError];
        // Nobody is sent to wait because a question was left out.
        if (severity is null or { Level: > 2 })
        {
            Require("high_risk", findings.HighRisk, Undecided);
            Require("severe_distress", findings.SevereDistress, Undecided);
            Require("expected_resources", findings.ExpectedResources, Undecided);
            if (findings.ExpectedResources >= 2)
                foreach (var (vitalSign, measured) in new[] { ("heart_rate", findings.HeartRate), ("respiratory_rate", findings.RespiratoryRate),
                    ("oxygen_saturation", findings.OxygenSaturation) })
                    Require(vitalSign, measured, "is required: with two or more resources the vital signs decide between levels 2 and 3");
        }
        if (errors.Count > 0) throw new ValidationFailed(errors);

        (data.PatientId, data.Symptoms, data.Assessment, data.Severity) = (patient?.Id, symptoms, findings, severity);

        void Require(string field, object? answer, string why)
        {
            if (answer is null) errors[field] = [why];
        }
    }

    private static Task<IEnumerable<object>> LevelsAsync(TriageData data, StepContext context) => Task.FromResult<IEnumerable<object>>(
        SeverityIndex.Names.Select((name, i) => new { Level = i + 1, Name = name, Proposed = i + 1 == data.Severity!.Level }));

    private static Task ConfirmAsync(TriageData data, ConfirmLevel answer, StepContext context)
    {
        if (answer.Level != data.Severity!.Level && answer.Reason is null)
            throw new ValidationFailed("reason", $"is required: the proposed level is {data.Severity.Level}");
        (data.Level, data.OverrideReason) = (answer.Level, answer.Level == data.Severity.Level ? null : answer.Reason);
        return Task.CompletedTask;
    }

    private static async Task<IEnumerable<object>> DepartmentsAsync(TriageData data, StepContext context) =>
        (await ListActiveDepartmentsAsync(context))
            .Select(d => new { DepartmentId = d.Id, d.Name, d.Location, Suggested = d.TriageLevels.Contains(data.Level!.Value) })
            .OrderByDescending(d => d.Suggested);

    private static async Task AssignAsync(TriageData data, AssignDepartment answer, StepContext context)
    {
        var department = (await ListActiveDepartmentsAsync(context)).SingleOrDefault(d => d.Id == answer.DepartmentId) ?? throw new NotFound("department");
        (data.DepartmentId, data.DepartmentName) = (department.Id, department.Name);
    }

    private static async Task<IReadOnlyList<Department>> ListActiveDepartmentsAsync(StepContext context) =>
        (await context.CallAsync(new ListDepartments(context.HospitalId, IsActive: true) { Limit = 100 })).Results;

    private static Task NotifyAsync(TriageData data, NotifyStaff answer, StepContext context)
    {
        data.NotifiedAt = context.Now;
        var triage = data.ToContract(context);
        context.Publish(version => new TriageNotified(triage, version));
        return Task.CompletedTask;
    }

    private static async Task RecordAsync(TriageData data, RecordTriage answer, StepContext context)
    {
        if (answer.PatientId is not null && data.PatientId is not null && answer.PatientId != data.PatientId)
            throw new ValidationFailed("patient_id", "is not the patient who was assessed");
        var patient = answer.PatientId ?? data.PatientId ?? throw new ValidationFailed("patient_id", "is required: a medical record belongs to a patient");
        var record = await context.CallOnceAsync(new CreateMedicalRecord(
            patient, $"Triage: ESI level {data.Level}", RecordType.Triage, Describe(data, answer.Notes), Symptoms: string.Join("; ", data.Symptoms!)));
        (data.PatientId, data.RecordId) = (patient, record.Id);
        (data.Symptoms, data.Assessment, data.OverrideReason) = (null, null, null);
    }

    private static Task TrackAsync(TriageData data, TrackStatus answer, StepContext context)
    {
        data.Status = answer.Status;
        var triage = data.ToContract(context);
        context.Publish(version => new TriageMoved(triage, version));
        if (!FinalStatuses.Contains(answer.Status)) context.RepeatStep();
        return Task.CompletedTask;
    }

    /// <summary>Returns the findings as text for the medical record.</summary>
    private static string Describe(TriageData data, string? notes)
    {
        var (findings, severity) = (data.Assessment!, data.Severity!);
        (string Name, object? Value)[] lines =
        [
            ("Level", data.Level),
            ("Proposed by the Emergency Severity Index", $"{severity.Level}, decision point {severity.DecisionPoint}: {severity.Rule}"),
            ("Reason for another level", data.OverrideReason),
            ("Department", data.DepartmentName),
            ("Date of birth, as reported", findings.DateOfBirth),
            ("Age in years, as reported", findings.AgeYears),
            ("Pulse", findings.HasPulse ? null : "none"),
            ("Breathing", findings.IsBreathing ? null : "none"),
            ("Life-saving intervention", Needed(findings.LifeSavingIntervention)),
            ("Severe respiratory distress", Yes(findings.SevereRespiratoryDistress)),
            ("Consciousness (AVPU)", findings.Consciousness),
            ("New confusion", Yes(findings.NewConfusion)),
            ("High risk", YesOrNo(findings.HighRisk)),
            ("Severe distress", YesOrNo(findings.SevereDistress)),
            ("Pain, 0 to 10", findings.Pain),
            ("Expected resources", findings.ExpectedResources),
            ("Heart rate per minute", findings.HeartRate),
            ("Respiratory rate per minute", findings.RespiratoryRate),
            ("Oxygen saturation, %", findings.OxygenSaturation),
            ("Temperature, °C", findings.Temperature),
            ("Systolic blood pressure, mmHg", findings.SystolicBloodPressure),
            ("Notes", notes),
        ];
        static string? Yes(bool observed) => observed ? "yes" : null;
        static string? YesOrNo(bool? answer) => answer is { } given ? given ? "yes" : "no" : null;
        static string? Needed(bool observed) => observed ? "needed" : null;
        return string.Join('\n', lines.Where(line => line.Value is not null)
            .Select(line => line.Value is DateOnly day ? $"{line.Name}: {day:yyyy-MM-dd}" : FormattableString.Invariant($"{line.Name}: {line.Value}")));
    }

    private static int AgeInMonths(DateOnly birthDate, DateOnly today) =>
        (today.Year - birthDate.Year) * 12 + today.Month - birthDate.Month - (today.Day < birthDate.Day ? 1 : 0);
}
