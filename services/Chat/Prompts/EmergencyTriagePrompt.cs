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

    internal Triage ToContract(StepContext turn) => new(turn.SessionId, turn.HospitalId, PatientId, Level!.Value, DepartmentId!.Value, DepartmentName!, Status);
}

internal sealed class EmergencyTriagePrompt() : Prompt<TriageStart, TriageData>(
    "emergency_triage", Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse,
    "Triages somebody who arrives, by the five levels of the Emergency Severity Index: how urgent it is and where they go. It proposes; a clinician decides. It makes no diagnosis.")
{
    private static readonly TriageStatus[] FinalStatuses = [TriageStatus.Admitted, TriageStatus.Transferred, TriageStatus.Discharged, TriageStatus.Left];

    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<AssessSeverity>("assess_severity", "What do you see, hear and measure? What is clear at once suffices; what else is needed is asked for.", AssessAsync),
        DefineStep<ConfirmLevel>("determine_urgency", "data.severity has the proposed level and its rule. It is no diagnosis: confirm it, or choose another and say why.", ConfirmAsync, LevelsAsync),
        DefineStep<AssignDepartment>("assign_department", "Where does the patient go? Departments that receive this level come first.", AssignAsync, DepartmentsAsync),
        DefineStep<NotifyStaff>("notify_staff", "Tell the department now? Staff who listen hear the level and the place, not the complaint.", NotifyAsync),
        DefineStep<RecordTriage>("create_record", "The triage goes into the patient's medical record. Whoever is not registered yet must be first.", RecordAsync),
        DefineStep<TrackStatus>("track_status", "Where does the patient stand? Answer whenever it changes; admitted, transferred, discharged or left ends it.", TrackAsync),
    ];

    protected override TriageData CreateData(TriageStart start) => new() { PatientId = start.PatientId, Symptoms = start.Symptoms };

    protected override async Task VerifyAsync(TriageData arrival, StepContext turn)
    {
        if (arrival.PatientId is { } id) await turn.GetActivePatientAsync(id);
    }

    private static async Task AssessAsync(TriageData arrival, AssessSeverity seen, StepContext turn)
    {
        var patient = (seen.PatientId ?? arrival.PatientId) is { } id ? await turn.GetActivePatientAsync(id) : null;
        var symptoms = seen.Symptoms ?? arrival.Symptoms;
        var missing = new Dictionary<string, List<string>>();
        if (symptoms is not { Count: > 0 }) missing["symptoms"] = ["must name one at least"];

        var today = await turn.TodayAsync();
        var born = patient?.DateOfBirth ?? seen.DateOfBirth;
        if (born is null && seen.AgeYears is null) missing["age_years"] = ["is required, or else date_of_birth"];
        if (born is null && seen.AgeYears == 0) missing["date_of_birth"] = ["is required below the age of one: the limits differ by weeks"];
        if (seen.DateOfBirth is not null && seen.AgeYears is not null) missing["age_years"] = ["cannot be given together with date_of_birth"];
        if (seen.PatientId is { } other && arrival.PatientId is { } first && other != first) missing["patient_id"] = ["is not the patient with whom the triage began; begin another one"];
        // The limits depend on the age: when two values differ, one belongs to another person.
        if (patient?.DateOfBirth is { } known)
        {
            if (seen.DateOfBirth is { } said && said != known) missing["date_of_birth"] = ["is not the one of the registered patient; leave it out, or triage without patient_id"];
            if (seen.AgeYears is { } years && years != AgeInMonths(known, today) / 12) missing["age_years"] = ["is not the age of the registered patient; leave it out, or triage without patient_id"];
        }

        var severity = SeverityIndex.Assess(new(seen, born is { } day ? AgeInMonths(day, today) : (seen.AgeYears ?? 0) * 12, born is { } birth ? today.DayNumber - birth.DayNumber : null));
        if (PastDateAttribute.FindFutureError(seen.DateOfBirth, today) is { } unborn) missing["date_of_birth"] = [unborn];
        if (severity is null) missing["expected_resources"] = ["is required: levels 1 and 2 are not clear from the rest"];
        else if (severity is { Level: > 2 } && seen.ExpectedResources >= 2)
            foreach (var (sign, measured) in new[] { ("heart_rate", seen.HeartRate), ("respiratory_rate", seen.RespiratoryRate), ("oxygen_saturation", seen.OxygenSaturation) })
                if (measured is null) missing[sign] = ["is required: with two or more resources the vital signs decide between levels 2 and 3"];
        if (missing.Count > 0) throw new ValidationFailed(missing);

        (arrival.PatientId, arrival.Symptoms, arrival.Assessment, arrival.Severity) = (patient?.Id, symptoms, seen, severity);
    }

    private static Task<IEnumerable<object>> LevelsAsync(TriageData arrival, StepContext turn) => Task.FromResult<IEnumerable<object>>(
        SeverityIndex.Names.Select((name, i) => new { Level = i + 1, Name = name, Proposed = i + 1 == arrival.Severity!.Level }));

    private static Task ConfirmAsync(TriageData arrival, ConfirmLevel answer, StepContext turn)
    {
        if (answer.Level != arrival.Severity!.Level && answer.Reason is null) throw new ValidationFailed("reason", $"is required: the proposed level is {arrival.Severity.Level}");
        (arrival.Level, arrival.OverrideReason) = (answer.Level, answer.Level == arrival.Severity.Level ? null : answer.Reason);
        return Task.CompletedTask;
    }

    private static async Task<IEnumerable<object>> DepartmentsAsync(TriageData arrival, StepContext turn) =>
        (await ListActiveDepartmentsAsync(turn)).Select(d => new { DepartmentId = d.Id, d.Name, d.Location, Suggested = d.TriageLevels.Contains(arrival.Level!.Value) }).OrderByDescending(d => d.Suggested);

    private static async Task AssignAsync(TriageData arrival, AssignDepartment answer, StepContext turn)
    {
        var department = (await ListActiveDepartmentsAsync(turn)).SingleOrDefault(d => d.Id == answer.DepartmentId) ?? throw new NotFound("department");
        (arrival.DepartmentId, arrival.DepartmentName) = (department.Id, department.Name);
    }

    private static async Task<IReadOnlyList<Department>> ListActiveDepartmentsAsync(StepContext turn) => (await turn.CallAsync(new ListDepartments(turn.HospitalId, IsActive: true) { Limit = 100 })).Results;

    private static Task NotifyAsync(TriageData arrival, NotifyStaff answer, StepContext turn)
    {
        arrival.NotifiedAt = turn.Now;
        var triage = arrival.ToContract(turn);
        turn.Publish(version => new TriageNotified(triage, version));
        return Task.CompletedTask;
    }

    private static async Task RecordAsync(TriageData arrival, RecordTriage answer, StepContext turn)
    {
        if (answer.PatientId is not null && arrival.PatientId is not null && answer.PatientId != arrival.PatientId) throw new ValidationFailed("patient_id", "is not the patient who was assessed");
        var patient = answer.PatientId ?? arrival.PatientId ?? throw new ValidationFailed("patient_id", "is required: nothing can be recorded of nobody");
        var record = await turn.CallOnceAsync(new CreateMedicalRecord(
            patient, $"Triage: ESI level {arrival.Level}", RecordType.Triage, Describe(arrival, answer.Notes), Symptoms: string.Join("; ", arrival.Symptoms!)));
        (arrival.PatientId, arrival.RecordId) = (patient, record.Id);
        (arrival.Symptoms, arrival.Assessment, arrival.OverrideReason) = (null, null, null);
    }

    private static Task TrackAsync(TriageData arrival, TrackStatus answer, StepContext turn)
    {
        arrival.Status = answer.Status;
        var triage = arrival.ToContract(turn);
        turn.Publish(version => new TriageMoved(triage, version));
        if (!FinalStatuses.Contains(answer.Status)) turn.RepeatStep();
        return Task.CompletedTask;
    }

    /// <summary>Returns the findings as text for the medical record.</summary>
    private static string Describe(TriageData arrival, string? notes)
    {
        var (seen, severity) = (arrival.Assessment!, arrival.Severity!);
        (string Name, object? Value)[] lines =
        [
            ("Level", arrival.Level),
            ("Proposed by the Emergency Severity Index", $"{severity.Level}, decision point {severity.DecisionPoint}: {severity.Rule}"),
            ("Reason for another level", arrival.OverrideReason),
            ("Department", arrival.DepartmentName),
            ("Date of birth, as told", seen.DateOfBirth),
            ("Age in years, as told", seen.AgeYears),
            ("Pulse", seen.HasPulse ? null : "none"),
            ("Breathing", seen.IsBreathing ? null : "none"),
            ("Life-saving intervention", Needed(seen.LifeSavingIntervention)),
            ("Severe respiratory distress", Yes(seen.SevereRespiratoryDistress)),
            ("Consciousness (AVPU)", seen.Consciousness),
            ("New confusion", Yes(seen.NewConfusion)),
            ("High risk", Yes(seen.HighRisk)),
            ("Severe distress", Yes(seen.SevereDistress)),
            ("Pain, 0 to 10", seen.Pain),
            ("Expected resources", seen.ExpectedResources),
            ("Heart rate per minute", seen.HeartRate),
            ("Respiratory rate per minute", seen.RespiratoryRate),
            ("Oxygen saturation, %", seen.OxygenSaturation),
            ("Temperature, °C", seen.Temperature),
            ("Systolic blood pressure, mmHg", seen.SystolicBloodPressure),
            ("Notes", notes),
        ];
        static string? Yes(bool observed) => observed ? "yes" : null;
        static string? Needed(bool observed) => observed ? "needed" : null;
        return string.Join('\n', lines.Where(line => line.Value is not null).Select(line => line.Value is DateOnly day ? $"{line.Name}: {day:yyyy-MM-dd}" : FormattableString.Invariant($"{line.Name}: {line.Value}")));
    }

    private static int AgeInMonths(DateOnly born, DateOnly today) => (today.Year - born.Year) * 12 + today.Month - born.Month - (today.Day < born.Day ? 1 : 0);
}
