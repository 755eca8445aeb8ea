import { registry } from "@web/core/registry";

let clicks = 0;

/** Count clicks from here on: a journey costs no more than it may. */
export function startCounting(trigger) {
    return {
        content: "The page is there; clicks are counted from now on",
        trigger,
        run() {
            clicks = 0;
            document.addEventListener("click", () => clicks++, true);
        },
    };
}

export function expectAtMost(limit, trigger) {
    return {
        content: `The journey took at most ${limit} clicks`,
        trigger,
        run() {
            if (!clicks || clicks > limit) {
                throw new Error(`${clicks} clicks, expected 1 to ${limit}`);
            }
        },
    };
}

const newButton = ".o-calendar-button-new";

function chooseCustomer(name) {
    return [
        {
            content: "Type the customer",
            trigger: "[name=service_partner_id] input",
            run: `edit ${name}`,
        },
        {
            content: "Choose the customer",
            trigger: `.o-autocomplete--dropdown-item:contains(${name})`,
            run: "click",
        },
        {
            content: "The only piece of equipment is chosen by itself",
            trigger: "[name=service_equipment_ids] .o_tag:contains(Pellet stove Lesse)",
        },
    ];
}

const save = [
    {
        content: "Save",
        trigger: ".o_form_button_save",
        run: "click",
    },
    {
        content: "The event is the appointment of a visit now",
        trigger: "button[name=action_view_maintenance_visit]",
    },
];

// A dispatcher makes a visit in Odoo's calendar and sees it there.
registry.category("web_tour.tours").add("maintenance_appointment", {
    steps: () => [
        {
            content: "New event",
            trigger: newButton,
            run: "click",
        },
        {
            content: "It is a service visit",
            trigger: "[name=is_service_visit] input",
            run: "click",
        },
        {
            content: "Type the kind of visit",
            trigger: "[name=service_visit_type_id] input",
            run: "edit Test cleaning",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Test cleaning)",
            run: "click",
        },
        {
            content: "The duration is that of the type",
            trigger: "[name=duration] input:value(01:30)",
        },
        ...chooseCustomer("Claes Bakery"),
        ...save,
        {
            content: "The title says what and where",
            trigger: "[name=name] :value(Test cleaning - Claes Bakery)",
        },
        {
            content: "Open the visit",
            trigger: "button[name=action_view_maintenance_visit]",
            run: "click",
        },
        {
            content: "It is planned",
            trigger: ".o_arrow_button_current:contains(Planned)",
        },
        {
            trigger: "[name=line_ids] .o_data_row:contains(Pellet stove Lesse)",
        },
    ],
});

// A visit that comes again every month on the same weekday.
registry.category("web_tour.tours").add("maintenance_recurring_appointment", {
    steps: () => [
        startCounting(newButton),
        {
            content: "New event",
            trigger: newButton,
            run: "click",
        },
        {
            content: "It is a service visit",
            trigger: "[name=is_service_visit] input",
            run: "click",
        },
        ...chooseCustomer("Claes Bakery"),
        {
            content: "It comes again",
            trigger: "[name=service_repeat] .o_selection_badge:contains(Monthly, same weekday)",
            run: "click",
        },
        ...save,
        expectAtMost(6, "button[name=action_view_maintenance_visit]"),
    ],
});

// A salesperson looks at what stands at the customer before a meeting.
registry.category("web_tour.tours").add("maintenance_meeting", {
    steps: () => [
        startCounting(".fc-event:contains(Coffee)"),
        {
            content: "Open the meeting",
            trigger: ".fc-event:contains(Coffee)",
            run: "click",
        },
        {
            trigger: ".o_service_equipment:contains(Pellet stove Lesse):contains(Never visited)",
        },
        {
            trigger: ".o_service_equipment:contains(Warranty until)",
        },
        expectAtMost(1, ".o_service_equipment"),
        {
            content: "Show all of it",
            trigger: ".o_service_installed_base:contains(1)",
            run: "click",
        },
        {
            trigger: ".o_form_view [name=partner_id] input:value(Claes Bakery)",
        },
    ],
});

// A dispatcher removes an appointment in the calendar: the visit is to be planned again.
registry.category("web_tour.tours").add("maintenance_appointment_removed", {
    steps: () => [
        {
            content: "Look at the calendar of the technician",
            trigger: ".o_calendar_filter .o-autocomplete--input",
            run: "edit ib_technician",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(ib_technician)",
            run: "click",
        },
        {
            content: "Open the appointment",
            trigger: ".fc-event:contains(Test cleaning - Claes Bakery)",
            run: "click",
        },
        {
            content: "The visit is there",
            trigger: ".o_service_visit:contains(Claes Bakery)",
        },
        {
            content: "Remove it",
            trigger: ".o_cw_popover .card-footer .btn:has(.fa-trash)",
            run: "click",
        },
        {
            trigger: ".modal-footer .btn-primary",
            run: "click",
        },
        {
            trigger: ".o_calendar_view:not(:has(.fc-event:contains(Test cleaning)))",
        },
    ],
});
