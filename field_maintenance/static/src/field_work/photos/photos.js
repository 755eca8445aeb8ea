import { Component, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { useService } from "@web/core/utils/hooks";
import { shrinkPhoto } from "./shrink";

/** The photos that were just taken: what they show, before they are kept. */
export class PhotosDialog extends Component {
    static template = "field_maintenance.PhotosDialog";
    static components = { Dialog };
    static props = { visit: Object, photos: Array, moment: String, close: Function };

    setup() {
        this.queue = useService("field_work_queue");
        const { photos, moment } = this.props;
        this.state = useState({
            photos: photos.map((photo) => ({ ...photo, moment, caption: "" })),
            isBusy: false,
        });
        this.moments = [
            ["before", _t("Before")],
            ["after", _t("After")],
        ];
    }

    setMoment(photo, moment) {
        photo.moment = photo.moment === moment ? "" : moment;
    }

    drop(photo) {
        this.state.photos = this.state.photos.filter((one) => one.id !== photo.id);
        if (!this.state.photos.length) {
            this.props.close();
        }
    }

    async keep() {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        for (const { name, data, moment, caption } of this.state.photos) {
            await this.queue.add("photo", this.props.visit, {
                name,
                data: data.split(",")[1],
                moment,
                caption: caption.trim(),
            });
        }
        this.props.close();
    }
}

/** Takes photos with the phone's camera or from its gallery, many at once. */
export class PhotoButton extends Component {
    static template = "field_maintenance.PhotoButton";
    static props = { visit: Object };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.inputRef = useRef("input");
        this.state = useState({ isBusy: false });
    }

    async onChange() {
        const input = this.inputRef.el;
        const files = [...input.files];
        // The same photo may be chosen again.
        input.value = "";
        const photos = [];
        this.state.isBusy = true;
        for (const [id, file] of files.entries()) {
            try {
                const name = file.name.replace(/\.\w+$/, ".jpg");
                photos.push({ id, name, data: await shrinkPhoto(file) });
            } catch {
                this.notification.add(_t("%s is no photo that this phone can read.", file.name), {
                    type: "danger",
                });
            }
        }
        this.state.isBusy = false;
        if (photos.length) {
            const { visit } = this.props;
            // Most photos are taken when the work is over.
            const moment = visit.photo_count || visit.checklist === "done" ? "after" : "before";
            this.dialog.add(PhotosDialog, { visit, photos, moment });
        }
    }
}
